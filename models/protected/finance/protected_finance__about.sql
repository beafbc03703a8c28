{{ about("finance") }}

{{ about("insights") }}

{{ about("service") }}

{{ about("governance") }}

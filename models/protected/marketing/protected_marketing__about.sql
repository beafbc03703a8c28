{{ about("marketing") }}

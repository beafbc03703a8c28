{{ about("analytics") }}

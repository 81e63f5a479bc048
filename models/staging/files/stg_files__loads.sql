-- one row per unit of work: a file, or an account of a platform
{{ stage_loads('raw_files') }}

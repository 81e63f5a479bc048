-- one row per load and slice that the load covered
{{ stage_receipts('raw_files', "'export'") }}

-- one row per campaign, device and day, and what is of no known device
{{ parts_of_campaigns('device', ['device'], []) }}

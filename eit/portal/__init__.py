"""The portal: firms declare, facilitators run, zone managers look; pages and an HTTP interface."""

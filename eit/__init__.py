"""From firms' CSV files to a proven plan of synergies and maps of business parks."""

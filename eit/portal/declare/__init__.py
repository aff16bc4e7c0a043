"""What firms declare: files and forms come in, are checked, corrected, declared, given back."""

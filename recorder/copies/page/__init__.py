"""Parts of the page that checks a copy."""

"""The program: settings, command line, and the session that joins capture and storage."""

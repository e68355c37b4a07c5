"""Keys of sealed recordings over the years: who can open what, is it tried, and what when somebody leaves."""

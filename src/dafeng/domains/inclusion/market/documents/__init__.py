"""Papers of the market: the certificate and the yearly report, set by Typst, and the report as Word and workbook."""

"""The market's pages: the mall, the merchant's counter, the operator's desk, firms, and what is public."""

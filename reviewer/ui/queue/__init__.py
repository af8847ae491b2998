"""The queue table: filters, columns, paging."""

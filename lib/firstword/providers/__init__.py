"""The vendors: one folder each. A folder never imports another vendor's, and nothing above names one."""

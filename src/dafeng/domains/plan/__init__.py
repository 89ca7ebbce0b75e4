"""The city's plan as a live object: what it promises, who owes it, and how far it has come.

Words: *plan* (one published document), *section* (one heading of its outline), *task* (a leaf of the outline with its
owners), *owner* (a department that answers for a task), *target* (indicator, value, unit, year), *defect* (what is
printed but cannot be right or is unclear: kept as printed and asked of its owner, never repaired).
`reading/` turns a document into these objects and knows no Django.
Sources: 2030年前碳达峰行动方案 (国发〔2021〕23号), 国家碳达峰试点建设方案 (发改环资〔2023〕1409号), and the plans of
provinces and cities that carry them out.
"""

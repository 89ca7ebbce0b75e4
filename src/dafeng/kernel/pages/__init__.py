"""What pages are made of: tables that sort, filter, page and export; charts and maps as geometry; addresses read safely.

Nothing here knows a domain; the templates that draw these parts lie with the portal (`templates/parts/`), and the page
组件 (`/components/`) shows every one of them.
"""

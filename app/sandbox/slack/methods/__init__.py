"""The Web API's methods, one file per family; `web_api.py` lists them."""

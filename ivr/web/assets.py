"""The desks' templates, style sheet and scripts, served from here: no page fetches anything from another house."""

from flask import Blueprint

assets = Blueprint("assets", __name__, static_folder="static", static_url_path="/assets", template_folder="templates")

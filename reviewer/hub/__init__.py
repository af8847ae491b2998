"""The reference queue server: it speaks the Queue API and never decodes a picture."""

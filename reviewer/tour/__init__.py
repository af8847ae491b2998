"""The guided tour: the real window on a real hub, worked by keys, checked against what the hub holds."""

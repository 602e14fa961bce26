"""From a picture to detections: models and their cards, sessions, regions, what is blurred."""

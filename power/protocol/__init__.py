"""How power devices are asked: registers, profiles, buses and framing. No device stands here."""

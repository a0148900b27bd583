"""Sample against shared material: is it derived, and how sure can one be?"""

"""The forms of the review, by who fills them in. What a form cannot know (places, products, offices) is given when it is made."""

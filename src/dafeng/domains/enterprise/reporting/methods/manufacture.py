"""empty for now"""

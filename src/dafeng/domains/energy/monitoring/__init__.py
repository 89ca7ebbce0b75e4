"""E1: a firm's energy flows from purchase to product, baselines, forecasts, anomalies, and what to do about them."""

"""管理体系: partners and agreements, risk cases, corrections, complaints, campaigns, recognition, and the figures for everybody."""

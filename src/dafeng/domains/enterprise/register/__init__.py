"""企业名录: who the city keeps books on. The first link of the chain: register, report, verify, list, allocate.

The rows are the ground floor's (`dafeng.kernel.enterprises`); here is who may write them, by form, sheet or program, and what is
refused. Nothing is ever deleted: an enterprise that is gone is deregistered on a day, because its years stay.
"""

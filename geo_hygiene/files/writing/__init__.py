"""Write a layer or table of the product as a file that an import reads back.

What is needed of it is imported from its modules: the formats load what other pages do without.
"""

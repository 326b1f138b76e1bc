-- Which blocks a term is in: a word that hardly anybody wrote leads to few, and the others are never looked at.
CREATE INDEX case_term_block ON case_term (term, block);

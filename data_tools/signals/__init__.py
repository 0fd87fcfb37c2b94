"""Quality signals of one pair: each a pure function of the pair, and larger where the pair is worse."""

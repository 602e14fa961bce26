// The page of a refusal has nothing that moves.

-- proof_reuse: ProofReuse -> ProofReused
SELECT proof_reuse(:challenge_id, :proved_at, :room, :now) AS looking;

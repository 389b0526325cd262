"""Operations: what is shipped to deploy, watch and recover the service is checked with the real tools."""

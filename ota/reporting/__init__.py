"""What a unit says to the fleet's server, and how it proves who it is.

file_names  which files say who the unit is
tss2_file   the public half of a key of a TPM, from its file
tpm         the TPM of this computer: makes a key and signs
tpm_tls     such a key for the certificate in TLS
unit_key    the unit's own key, with which it signs
server      one signed document to the server, and its answer
sent        which report the fleet has acknowledged, and the one that waits
sender      sends reports in their order
new_key     another key in the place of this one: another identity
entry       what the fleet gave the unit when it entered
claim_code  what a technician types or scans for it
claim       enters the fleet with a one-time token
carried     enters it without a link, with files to carry
"""

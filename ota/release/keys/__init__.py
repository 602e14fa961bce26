"""The keys of releases: files and tokens, who holds which, and how one is asked to sign.

Reads: key files, PKCS#11 tokens, passphrases. Writes: new key files, mode 0600.
Never: writes a passphrase or a PIN, or a private key without one where one was asked for.
"""

# Starts the software TPM whose state is $1, and a resource manager before it, then inside.py.
# Ends with it: to the TPM that is a power cut.
set -e
state=$1; shift
mkdir -p "$state"
swtpm socket --tpm2 --tpmstate dir="$state" --flags not-need-init,startup-clear \
  --server type=unixio,path=/run/tpm --ctrl type=unixio,path=/run/tpm.ctrl >/dev/null 2>&1 &
emulator=$!
trap 'kill $manager $emulator 2>/dev/null || true' EXIT
tries=0
until [ -S /run/tpm ]; do tries=$((tries + 1)); [ $tries -lt 200 ]; sleep 0.05; done
tpm2-abrmd --session --allow-root --tcti swtpm:path=/run/tpm >/dev/null 2>&1 &
manager=$!
export TPM2OPENSSL_TCTI=tabrmd:bus_type=session TSS2_LOG=all+none
tries=0
until openssl rand -provider tpm2 1 >/dev/null 2>&1; do tries=$((tries + 1)); [ $tries -lt 200 ]; sleep 0.05; done
cd /srv
PYTHONPATH=/srv PYTHONDONTWRITEBYTECODE=1 python3 -m tests.real_tpm.inside "$@"

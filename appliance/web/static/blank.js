// On the unit's own screen: black after some time without a touch. Loaded only there.

const after = Number(document.querySelector('meta[name="blank-after-s"]').content) * 1000;
let timer = 0;

const begin = () => {
  clearTimeout(timer);
  timer = setTimeout(() => location.replace("/kiosk/black"), after);
};

for (const kind of ["pointerdown", "keydown", "wheel"]) {
  addEventListener(kind, begin, { capture: true, passive: true });
}
begin();

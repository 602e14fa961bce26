// The black screen: the first touch brings the page back, and does nothing else.

const wake = (event) => {
  event.preventDefault();
  location.replace(document.body.dataset.begin);
};

// On release: a click of the same finger would else hit what appears below it.
for (const kind of ["pointerup", "keyup"]) addEventListener(kind, wake, { once: true });

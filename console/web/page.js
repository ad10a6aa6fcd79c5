// textual-serve's script has made the terminal by now; keys go to it without a click first.
window.addEventListener("load", () => {
  document.querySelector(".xterm-helper-textarea")?.focus();
});

// Streamlit's upload control and its page know English only. This gives both the language of the reader: the
// language of the document, by which screen readers choose their voice, and the words of the control.
(function () {
  "use strict";
  const given = GIVEN;
  const CONTROL = '[data-testid="stFileUploader"], [data-testid="stSkipToContent"]';
  const own = { text: new WeakMap(), label: new WeakMap() };

  function translated(english) {
    if (english === "Upload" || english === "Add files") return given.choose_file;
    if (/per file/.test(english)) return given.drop_file;
    if (/File must be/.test(english)) return given.file_refused;
    if (english === "Skip to main content") return given.skip;
    if (/^Error: *$/.test(english) || english === "add icon") return "";
    if (english === "file upload") return given.file;
    if (english.startsWith("Remove ")) return given.remove_file + " " + english.slice(7);
    return english;
  }

  // What stands there is English unless it is what was put there before.
  function replace(kind, node, now, put) {
    const before = own[kind].get(node);
    const english = before && before.put === now ? before.english : now;
    const wanted = translated(english);
    own[kind].set(node, { english: english, put: wanted });
    if (wanted !== now) put(wanted);
  }

  window.sleepcotTranslate = function () {
    document.querySelectorAll(CONTROL).forEach(function (control) {
      const walker = document.createTreeWalker(control, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) {
        const node = walker.currentNode;
        if (!node.parentElement.closest("label")) replace("text", node, node.data, (words) => { node.data = words; });
      }
      control.querySelectorAll("button[aria-label], input[aria-label]").forEach(function (node) {
        replace("label", node, node.getAttribute("aria-label"), (words) => node.setAttribute("aria-label", words));
      });
    });
  };
  // Another language came with this run; what was put there before by the last one is known to that one only.
  own.text = window.sleepcotTexts || own.text;
  own.label = window.sleepcotLabels || own.label;
  window.sleepcotTexts = own.text;
  window.sleepcotLabels = own.label;

  document.documentElement.lang = given.language_tag;
  window.sleepcotTranslate();
  if (!window.sleepcotWatcher) {
    window.sleepcotWatcher = new MutationObserver(() => window.sleepcotTranslate());
    window.sleepcotWatcher.observe(document.body, { childList: true, subtree: true, characterData: true });
  }
})();

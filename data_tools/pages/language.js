"use strict";
// The language of the page: the one chosen on this page earlier, else the browser's. Without scripts it is English.
const pageLanguage = (() => {
  const storageKey = "data_tools.language";
  const current = () => (document.documentElement.lang.startsWith("zh") ? "zh" : "en");

  function recall() {
    try {
      return localStorage.getItem(storageKey);
    } catch (error) {
      return null; // refused
    }
  }

  function remember(language) {
    try {
      localStorage.setItem(storageKey, language);
    } catch (error) {
      // refused: the next visit begins with the browser's language
    }
  }

  // An element with data-zh holds the Chinese text of its alt, aria-label, or of its content (the page's title).
  function swap(element, language) {
    const name = ["alt", "aria-label"].find((each) => element.hasAttribute(each));
    const english = element.dataset.en ?? (name ? element.getAttribute(name) : element.textContent);
    element.dataset.en = english;
    const words = language === "zh" ? element.dataset.zh : english;
    if (name) element.setAttribute(name, words);
    else element.textContent = words;
  }

  function show(language) {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
    for (const element of document.querySelectorAll("[data-zh]")) swap(element, language);
    for (const button of document.querySelectorAll("[data-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.language === language));
    }
    document.dispatchEvent(new Event("pagelanguage"));
  }

  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => {
      remember(button.dataset.language);
      show(button.dataset.language);
    });
  }
  document.getElementById("languages").hidden = false;
  const stored = recall();
  show(stored === "en" || stored === "zh" ? stored : navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");
  return current;
})();

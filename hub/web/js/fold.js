// Text as it is searched: without diacritics, in small letters, as the hub folds it.

/** @param {string} words */
export function fold(words) {
  return words.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase().replaceAll("đ", "d");
}

/** Whether each word that is asked for stands in the text. @param {string} text folded @param {string} asked */
export function holds(text, asked) {
  return fold(asked).split(/\s+/).every((word) => text.includes(word));
}

// Tables for a spreadsheet: semicolons and a byte order mark, as Excel with Vietnamese settings opens them.

import { currentLanguage } from "./locale.js";

/** @param {string | number | null | undefined} value */
function cell(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "";
  if (typeof value === "number") return currentLanguage() === "vi" ? String(value).replace(".", ",") : String(value);
  // A spreadsheet takes these for formulas.
  const plain = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[";\n\r]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

/** @param {string} name of the file @param {(string | number | null | undefined)[][]} rows the first is the heading */
export function download(name, rows) {
  const text = rows.map((row) => row.map(cell).join(";")).join("\r\n");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["\ufeff", text, "\r\n"], { type: "text/csv" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

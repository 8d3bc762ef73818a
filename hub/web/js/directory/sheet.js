// The sheet of paper that goes with a new machine to its site: A4, Vietnamese with small English beside it.

import { dateTime, t } from "../locale.js";
import { html, useEffect, useRef } from "../ui.js";

/** The paper speaks both languages, whatever the page speaks. */
const STEPS = [
  ["Bật máy, cắm dây mạng vào bộ định tuyến. Đăng nhập tài khoản quản trị, mở cửa sổ dòng lệnh (Terminal).",
    "Switch the machine on, plug it into the router. Sign in as its administrator and open a terminal."],
  ["Trên máy đó mở địa chỉ ghi bên dưới (hoặc quét mã QR), bấm “Chép” rồi dán dòng lệnh vào Terminal, nhấn Enter.",
    "On that machine open the address below (or scan the code), press “Chép”, paste the line into the terminal, press Enter."],
  ["Chờ đến khi hiện “● xong / done”. Nếu quá 5 phút hoặc báo lỗi: gọi số điện thoại bên dưới, đọc dòng cuối cùng.",
    "Wait for “● xong / done”. After 5 minutes, or on an error: call the number below and read out the last line."],
];

/** In fours, for whoever types it. @param {string} token */
const grouped = (token) => token.replace(/^ts-/, "").replaceAll(/(.{4})(?=.)/g, "$1 ").replace(/^/, "ts-");

/** @param {{site: any, made: any, onClose: () => void}} props */
export function Sheet({ site, made, onClose }) {
  const dialog = useRef(/** @type {any} */ (null));
  useEffect(() => {
    const before = /** @type {any} */ (document.activeElement);
    dialog.current.showModal();
    // Only the paper is printed while it is open.
    document.documentElement.dataset.print = "sheet";
    return () => {
      delete document.documentElement.dataset.print;
      before?.focus?.();
    };
  }, []);
  const cancel = (/** @type {Event} */ event) => { event.preventDefault(); onClose(); };
  return html`<dialog class="sheet" ref=${dialog} aria-labelledby="sheet-name" onCancel=${cancel}>
    <div class="row sheet__bar">
      <button type="button" class="button button--primary" onClick=${() => print()}>${t("sheet.print")}</button>
      <button type="button" class="button" onClick=${onClose}>${t("close")}</button>
    </div>
    <div class="sheet__paper" lang="vi">
      <header class="sheet__head"><div><p
        class="sheet__kind">PHIẾU CÀI MÁY TẠI ĐIỂM <${En} text="Sheet for a new machine" /></p>
        <h2 class="sheet__name" id="sheet-name">${site.name}</h2>
        <p>${[site.names?.unit, site.address].filter(Boolean).join(" · ")}</p>
        <p class="code">${site.code}</p></div>
        <img src="/static/icon.svg" alt="Thông Suốt" width="56" height="56" /></header>
      <ol class="sheet__steps">${STEPS.map(([vi, en]) => html`<li key=${en}>${vi} <${En} text=${en} /></li>`)}</ol>
      <div class="sheet__link">
        <img class="sheet__qr" src=${made.qr} alt=${t("sheet.qr")} />
        <dl class="sheet__facts">
          <div><dt>Địa chỉ mở trên máy <${En} text="Address to open on the machine" /></dt><dd
            class="code">${made.hub}/cai-dat</dd></div>
          <div><dt>Mã ghi danh, dùng một lần <${En} text="Token, good once" /></dt><dd class="code">${grouped(made.token.split(".")[0])}</dd></div>
          ${made.ca_sha256 && html`<div><dt>Dấu chứng chỉ của máy chủ (SHA-256) <${En} text="Fingerprint of the hub's CA" /></dt>
            <dd class="code sheet__print">${made.ca_sha256}</dd></div>`}
          <div><dt>Dùng được đến <${En} text="Good until" /></dt><dd
            class="numbers">${dateTime(made.record.expires_at)}</dd></div>
          <div><dt>Điện thoại của trung tâm <${En} text="Telephone of the hub" /></dt>
            <dd class="sheet__telephone">${made.telephone || "………………………………"}</dd></div>
        </dl>
      </div>
      <p>Dòng lệnh cài đặt <${En} text="The line to paste" /></p>
      <pre class="code sheet__line">${made.line}</pre>
      <p>Dòng lệnh gỡ ra <${En} text="To remove it" /></p>
      <pre class="code sheet__line">${made.uninstall}</pre>
      <p class="sheet__foot">Giữ phiếu này như giữ chìa khóa; mất phiếu thì báo trung tâm để thu hồi mã.${" "}<${En} text="Keep this sheet like a key; when it is lost, tell the hub to take the token back." /></p>
    </div>
  </dialog>`;
}

/** @param {{text: string}} props */
const En = ({ text }) => html`<span class="sheet__en" lang="en">${text}</span>`;

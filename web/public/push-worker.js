// Shows what linli sends to this browser, and opens the case behind it. Nothing is cached, nothing is intercepted.
self.addEventListener("push", (event) => {
  let said = {};
  try {
    said = event.data ? event.data.json() : {};
  } catch {
    said = {};
  }
  const code = typeof said.case === "string" ? said.case : "";
  const options = { body: said.text ?? "", tag: said.id ?? "linli", icon: "/icons/field-192.png", data: { code } };
  event.waitUntil(self.registration.showNotification(said.title ?? "邻里", options));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { code } = event.notification.data ?? {};
  event.waitUntil(
    self.clients.matchAll({ type: "window" }).then((pages) => {
      const open = pages.find((page) => /\/(desk|field)(\/|$)/.test(new URL(page.url).pathname));
      const face = open && new URL(open.url).pathname.startsWith("/field") ? "/field" : "/desk";
      const url = code ? `${face}/cases/${encodeURIComponent(code)}` : `${face}/notices`;
      return open ? open.navigate(url).then((page) => page && page.focus()) : self.clients.openWindow(url);
    }),
  );
});

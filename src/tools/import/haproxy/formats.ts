/** Samples of HAProxy's log formats that sluice can put into redirects and headers. */
const PLACEHOLDERS: readonly (readonly [sample: RegExp, placeholder: string])[] = [
  [/%\[(req\.)?hdr\(host\)(,[^\]]*)?\]/gi, "#{host}"],
  [/%\[src\]|%ci\b/g, "#{client_ip}"],
  [/%\[ssl_fc,iif\(https,http\)\]/g, "#{protocol}"],
  [/%\[(dst_port|fc_dst_port)\]|%fp\b/g, "#{port}"],
  [/%\[(capture\.req\.uri|url|pathq)\]|%HU\b/g, "/#{path}?#{query}"],
  [/%\[path\]|%HP\b/g, "/#{path}"],
  [/%\[query\]/g, "#{query}"],
  [/%\[(unique-id|uuid\(\)|uuid)\]|%ID\b/g, "#{request_id}"],
];

/** Puts sluice's placeholders into a format; null if it holds a sample without a counterpart. */
export function withPlaceholders(format: string): string | null {
  let text = format;
  for (const [sample, placeholder] of PLACEHOLDERS) text = text.replace(sample, placeholder);
  return /%(\[|[a-zA-Z]{1,3}\b)/.test(text.replaceAll("%%", "")) ? null : text.replaceAll("%%", "%");
}

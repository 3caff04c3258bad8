/** A region's name by its six-digit code; empty where the code is not known. The table is loaded when first asked for. */
export async function cityName(code: string): Promise<string> {
  const { areaList } = await import('@vant/area-data')
  const province = areaList.province_list[`${code.slice(0, 2)}0000`] ?? ''
  const city = areaList.city_list[`${code.slice(0, 4)}00`] ?? ''
  const county = areaList.county_list[code] ?? ''
  return [...new Set([province, city, county])].filter(Boolean).join(' ')
}

export type Place = {
  value: string
  label: string
  children?: Place[]
}

/** Provinces, their cities and the districts of these; loaded when first asked for. */
export async function places(): Promise<Place[]> {
  const { areaList } = await import('@vant/area-data')
  const below = (list: Record<string, string>, start: string): Place[] =>
    Object.entries(list).flatMap(([value, label]) => (value.startsWith(start) ? [{ value, label }] : []))
  return below(areaList.province_list, '').map((province) => ({
    ...province,
    children: below(areaList.city_list, province.value.slice(0, 2)).map((city) => {
      const children = below(areaList.county_list, city.value.slice(0, 4))
      return children.length ? { ...city, children } : city
    }),
  }))
}

/** A region's name by its six-digit code; empty where the code is not known. The table is loaded when first asked for. */
export async function cityName(code: string): Promise<string> {
  const { areaList } = await import('@vant/area-data')
  const province = areaList.province_list[`${code.slice(0, 2)}0000`] ?? ''
  const city = areaList.city_list[`${code.slice(0, 4)}00`] ?? ''
  const county = areaList.county_list[code] ?? ''
  return [...new Set([province, city, county])].filter(Boolean).join(' ')
}

import { areaList } from '@vant/area-data'
import { describe, expect, it } from 'vitest'
import { english, englishLine } from './english'

describe('regions in English', () => {
  it.each([
    ['内蒙古自治区', 'Inner Mongolia'], ['西藏自治区', 'Tibet'], ['新疆维吾尔自治区', 'Xinjiang'], ['宁夏回族自治区', 'Ningxia'], ['广西壮族自治区', 'Guangxi'],
    ['香港特别行政区', 'Hong Kong'], ['澳门特别行政区', 'Macao'], ['陕西省', 'Shaanxi'], ['山西省', 'Shanxi'], ['北京市', 'Beijing'], ['重庆市', 'Chongqing'],
    ['西安市', "Xi'an"], ['厦门市', 'Xiamen'], ['成都市', 'Chengdu'], ['长沙市', 'Changsha'], ['六安市', "Lu'an"], ['吕梁市', 'Lüliang'], ['哈尔滨市', 'Harbin'],
    ['呼和浩特市', 'Hohhot'], ['乌鲁木齐市', 'Urumqi'], ['拉萨市', 'Lhasa'], ['阿里地区', 'Ngari Prefecture'], ['锡林郭勒盟', 'Xilingol League'],
    ['西湖区', 'Xihu District'], ['浦东新区', 'Pudong New Area'], ['碑林区', 'Beilin District'], ['神农架林区', 'Shennongjia Forestry District'], ['桐庐县', 'Tonglu County'],
    ['盂县', 'Yuxian County'], ['东区', 'Dongqu District'], ['芒市', 'Mangshi'], ['朗县', 'Nang County'], ['土默特左旗', 'Tumed Left Banner'], ['科尔沁右翼中旗', 'Horqin Right Middle Banner'],
    ['鄂伦春自治旗', 'Oroqen Autonomous Banner'], ['鄂温克族自治旗', 'Ewenki Autonomous Banner'], ['东乡族自治县', 'Dongxiang Autonomous County'],
    ['恩施土家族苗族自治州', 'Enshi Tujia and Miao Autonomous Prefecture'], ['双江拉祜族佤族布朗族傣族自治县', 'Shuangjiang Lahu, Va, Blang and Dai Autonomous County'],
    ['喀喇沁左翼蒙古族自治县', 'Harqin Left Wing Mongol Autonomous County'], ['瀍河回族区', 'Chanhe Hui District'], ['苏州工业园区', 'Suzhou Industrial Park'],
    ['经济技术开发区', 'Economic and Technological Development Zone'], ['石龙镇', 'Shilong Town'], ['大柴旦行政委员会', 'Da Qaidam Administrative Committee'],
  ])('%s is %s', (name, wanted) => expect(english(name)).toBe(wanted))

  it('tells places of one name apart by their province', () => {
    expect(english('东区', '香港特别行政区')).toBe('Eastern District')
    expect(english('大埔区', '香港特别行政区')).toBe('Tai Po District')
    expect(english('大埔县', '广东省')).toBe('Dabu County')
    expect(english('连江县', '福建省')).toBe('Lianjiang County')
    expect(english('连江县', '台湾省')).toBe('Lienchiang County')
    expect(english('河北唐山海港经济开发区', '河北省', '唐山市')).toBe('Hebei Tangshan Haigang Economic Development Zone')
    expect(english('张家口市察北管理区', '河北省', '张家口市')).toBe('Zhangjiakou Chabei Management Area')
  })

  it('has every region of the list', () => {
    const { province_list: provinces, city_list: cities, county_list: counties } = areaList
    const strange: string[] = []
    for (const list of [provinces, cities, counties])
      for (const [code, name] of Object.entries(list)) {
        const said = english(name, provinces[`${code.slice(0, 2)}0000`], cities[`${code.slice(0, 4)}00`])
        if (!/^[A-Z][A-Za-zü.' ,-]+$/.test(said)) strange.push(`${name}: ${said}`)
      }
    expect(strange).toEqual([])
  })

  it('says a place from the district up, and nothing twice', () => {
    expect(englishLine({ province: '浙江省', city: '杭州市', district: '西湖区' })).toBe('Xihu District, Hangzhou, Zhejiang')
    expect(englishLine({ province: '北京市', city: '北京市', district: '朝阳区' })).toBe('Chaoyang District, Beijing')
    expect(englishLine({ province: '重庆市', city: '县', district: '城口县' })).toBe('Chengkou County, Chongqing')
    expect(englishLine({ province: '新疆维吾尔自治区', city: '自治区直辖县级行政区划', district: '石河子市' })).toBe('Shihezi, Xinjiang')
  })

  it('leaves what is no region as it is', () => expect(english('火星囧')).toBe('火星囧'))
})

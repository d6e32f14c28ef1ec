// The passwords that are tried first, in China and elsewhere; only those long enough to pass the rule on length.
// Compared after case and width are folded and spaces removed.

const LIST = `
password password1 password12 password123 password1234 password! passw0rd passw0rd1 p@ssw0rd p@ssword p@ssw0rd1
p@ssw0rd123 pa$$w0rd pass1234 pass@123 pass@word1 passwort passwords mypassword newpassword changeme changeme1
changeme123 changeit letmein1 letmein123 welcome1 welcome12 welcome123 welcome@123 welcome2024 welcome2025 welcome2026
admin123 admin1234 admin12345 admin123456 admin@123 admin888 admin8888 admin666 admin2024 admin2025 admin2026 adminadmin
administrator root1234 root12345 root123456 rootroot toor1234 user1234 user123456 test1234 test12345 test123456 testtest
guest123 default1 secret123 superman batman123 starwars iloveyou iloveyou1 sunshine princess princess1 football
football1 baseball basketball trustno1 whatever computer internet samsung1 michelle jennifer jordan23 michael1 charlie1
liverpool chelsea1 arsenal1 dragon123 monkey123 shadow123 master123 mustang1 corvette
12345678 123456789 1234567890 12345678910 0123456789 01234567 0987654321 987654321 87654321 9876543210 123123123
12341234 1234512345 123456123 123456123456 123456789a 12345678a 1234567a 1234567890a 123456abc 123456aa 123456qq
123456qwe 1234qwer 123qweasd 123qwe123 123qweasdzxc 12qwaszx 123abc123 123654789 147258369 147852369 159357456
741852963 789456123 963852741 321654987 135792468 1357924680 246813579 112233445566 11223344 11112222 12121212 10203040
00000000 11111111 22222222 33333333 44444444 55555555 66666666 77777777 88888888 99999999 000000000 111111111
0000000000 1111111111 66668888 88886666 16881688 18181818 51505150 19900101 20000101 20080808
qwertyui qwertyuiop qwerty12 qwerty123 qwerty1234 qwerty12345 qwerty123456 qwe123456 qweasdzxc qweasd123 qwer1234
qwer123456 qwaszx123 qazwsxedc qazwsx123 1qaz2wsx 1qaz2wsx3edc 1qaz@wsx !qaz2wsx zaq12wsx zaq1xsw2 asdfghjkl asdf1234
asdfasdf asdasdasd asd123456 asdfghjk zxcvbnm1 zxcvbnm123 zxcvbnm, zxc123456 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y q1w2e3r4
q1w2e3r4t5 q123456789 a1b2c3d4 aa123456 aa12345678 aa123456789 aaa123456 aaaa1111 aaaaaaaa a1234567 a12345678 a123456789
a1234567890 a123123123 a11111111 ab123456 ab12345678 abc12345 abc123456 abc123456789 abc12345678 abcd1234 abcd12345
abcd123456 abcdefgh abcdefg1 abc@1234 abcabc123 as123456 s123456789 w123456789 z123456789 x123456789 q1234567
woaini123 woaini520 woaini521 woaini1314 woaini5201314 woaiwojia woaizhongguo 5201314a 52013140 1314520520 13145200
5201314520 5201314521 520520520 520131400 521521521 131413141 aini1314 aini5201314 iloveyou520 woshishui woshishei
nihao123 nihaoma123 nihao123456 wozaizheli tianxiawudi wangyut2 dearbook li123456 wang1234 wang123456 zhang123
zhang123456 zhang123321 liu123456 chen123456 yang123456 zhao123456 xiaoming xiaoming123 caonima123 caonima1 zhongguo
zhongguo1 china123 china123456 beijing1 beijing2008 shanghai shanghai1 shenzhen guangzhou hangzhou tencent123 weixin123
wechat123 qq123456 qq123456789 taobao123 alibaba1 huawei123 huawei@123 admin@huawei xiaomi123 lingpai1 lingpai123
lingpai123456
`

export const commonPasswords: ReadonlySet<string> = new Set(LIST.trim().split(/\s+/))
